"""URLs of the conversation, under ``/i/<slug>/``."""

from django.urls import path

from chat.views import answers, conversation_list, conversations, ratings

app_name = "chat"
urlpatterns = [
    path("", conversations.new, name="new"),
    path("about/", conversations.about, name="about"),
    path("ask/", answers.ask_question, name="ask"),
    path("quotas/", conversations.quotas, name="quotas"),
    path("search/", conversation_list.search, name="search"),
    path("conversations/", conversation_list.conversations, name="conversations"),
    path("ratings/", ratings.index, name="ratings"),
    path("ratings/export.csv", ratings.export, name="ratings_export"),
    path("c/<uuid:conversation_id>/", conversations.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/rename/", conversation_list.rename_conversation, name="rename"),
    path("c/<uuid:conversation_id>/delete/", conversation_list.delete_conversation, name="delete"),
    path("m/<uuid:message_id>/edit/", answers.edit, name="edit"),
    path("m/<uuid:message_id>/regenerate/", answers.regenerate_answer, name="regenerate"),
    path("m/<uuid:message_id>/stop/", answers.stop, name="stop"),
    path("m/<uuid:message_id>/events/", answers.events, name="events"),
    path("m/<uuid:message_id>/select/", conversations.select, name="select"),
    path("m/<uuid:message_id>/feedback/", conversations.feedback, name="feedback"),
    path("m/<uuid:message_id>/citations/<int:number>/", conversations.citation, name="citation"),
]
