"""URLs of the conversation, under ``/i/<slug>/``."""

from django.urls import path

from chat import views, views_answers

app_name = "chat"
urlpatterns = [
    path("", views.new, name="new"),
    path("ask/", views_answers.ask_question, name="ask"),
    path("search/", views.search, name="search"),
    path("conversations/", views.conversations, name="conversations"),
    path("c/<uuid:conversation_id>/", views.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/rename/", views.rename_conversation, name="rename"),
    path("c/<uuid:conversation_id>/delete/", views.delete_conversation, name="delete"),
    path("m/<uuid:message_id>/edit/", views_answers.edit, name="edit"),
    path("m/<uuid:message_id>/regenerate/", views_answers.regenerate_answer, name="regenerate"),
    path("m/<uuid:message_id>/stop/", views_answers.stop, name="stop"),
    path("m/<uuid:message_id>/events/", views_answers.events, name="events"),
    path("m/<uuid:message_id>/select/", views.select, name="select"),
    path("m/<uuid:message_id>/feedback/", views.feedback, name="feedback"),
    path("m/<uuid:message_id>/citations/<int:number>/", views.citation, name="citation"),
]
