"""URLs of the conversation, under ``/i/<slug>/``."""

from django.urls import path

from chat.views import (
    answers,
    attachments,
    conversation_list,
    conversations,
    exports,
    folders,
    organising,
    passage_search,
    ratings,
    sharing,
)

app_name = "chat"
urlpatterns = [
    path("", conversations.new, name="new"),
    path("about/", conversations.about, name="about"),
    path("ask/", answers.ask_question, name="ask"),
    path("quotas/", conversations.quotas, name="quotas"),
    path("passages/", passage_search.page, name="passages"),
    path("search/", conversation_list.search, name="search"),
    path("conversations/", conversation_list.conversations, name="conversations"),
    path("conversations/all/", conversation_list.all_conversations, name="all_conversations"),
    path(
        "conversations/archived/",
        conversation_list.archived_conversations,
        name="archived_conversations",
    ),
    path("conversations/folders/new/", folders.create, name="folder_new"),
    path("conversations/folders/<int:folder_id>/", folders.folder, name="folder"),
    path("conversations/folders/<int:folder_id>/rename/", folders.rename, name="folder_rename"),
    path("conversations/folders/<int:folder_id>/delete/", folders.delete, name="folder_delete"),
    path("conversations/organise/", organising.organise, name="organise"),
    path("conversations/undo/", organising.undo, name="undo"),
    path("ratings/", ratings.index, name="ratings"),
    path("ratings/export.csv", ratings.export, name="ratings_export"),
    path("c/<uuid:conversation_id>/", conversations.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/presence/", conversations.presence, name="presence"),
    path("c/<uuid:conversation_id>/share/", sharing.manage, name="share"),
    path("shared/<uuid:link_id>/", sharing.shared, name="shared"),
    path("shared/<uuid:link_id>/continue/", sharing.continue_conversation, name="continue"),
    path(
        "shared/<uuid:link_id>/m/<uuid:message_id>/citations/<int:number>/",
        sharing.citation,
        name="shared_citation",
    ),
    path("c/<uuid:conversation_id>/rename/", conversation_list.rename_conversation, name="rename"),
    path("c/<uuid:conversation_id>/delete/", conversation_list.delete_conversation, name="delete"),
    path("c/<uuid:conversation_id>/export/", exports.index, name="exports"),
    path("c/<uuid:conversation_id>/export/<slug:export_format>/", exports.download, name="export"),
    path("attachments/", attachments.attach_file, name="attach"),
    path("c/<uuid:conversation_id>/attachments/", attachments.index, name="attachments"),
    path(
        "c/<uuid:conversation_id>/attachments/<uuid:document_id>/remove/",
        attachments.remove_file,
        name="remove_attachment",
    ),
    path("m/<uuid:message_id>/edit/", answers.edit, name="edit"),
    path("m/<uuid:message_id>/regenerate/", answers.regenerate_answer, name="regenerate"),
    path("m/<uuid:message_id>/stop/", answers.stop, name="stop"),
    path("m/<uuid:message_id>/events/", answers.events, name="events"),
    path("m/<uuid:message_id>/select/", conversations.select, name="select"),
    path("m/<uuid:message_id>/feedback/", conversations.feedback, name="feedback"),
    path("m/<uuid:message_id>/citations/<int:number>/", conversations.citation, name="citation"),
]
